account udp
come-up 300s
stop
expect leave
expect left within 5s..5s
expect nothing for 1d
