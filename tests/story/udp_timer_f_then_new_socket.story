# No answer at all: 32 s, then the wait, then another socket and fresh DNS.
account udp
start
expect resolve
resolved 1
expect open
connected
expect register
expect nothing for 31.9s
expect close within 0..200ms
expect reason no-answer
expect resolve within 30s..60s
