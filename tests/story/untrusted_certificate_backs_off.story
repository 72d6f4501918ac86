# Not the edge's outage: waits from 4 s, doubling, and does not park.
account tcp
start
expect resolve
resolved 1
expect open
refused tls-untrusted
expect reason tls-untrusted
expect state wait
expect resolve within 4s..8s
resolved 1
expect open
refused tls-name
expect reason tls-name
expect resolve within 8s..16s
expect registers 0
