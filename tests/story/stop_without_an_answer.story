# An un-REGISTER that nobody answers is given up after 5 s.
account udp
come-up 300s
stop
expect leave
expect left within 5s..5s
expect nothing for 1d
