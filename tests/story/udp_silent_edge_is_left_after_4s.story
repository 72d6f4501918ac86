# A UDP edge that is silent to the first REGISTER is left for the next.
account udp
start
expect resolve
resolved 2
expect open
connected
expect register
expect open within 4s..4s
connected
expect register
# the last one has its Timer F
expect nothing for 31.9s
expect close within 100ms..100ms
expect resolve within 30s..60s
