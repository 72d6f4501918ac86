# What a name leads to may be TCP and UDP: each is timed as what it is.
account ponging
start
expect resolve
resolved 2 stream 1
expect open
expect transport tcp
refused connect-refused down 1
expect open
connected
expect transport udp
expect register none
reply 200 lease 3600
# UDP is verified every 600 s, whatever the lease
expect register within 540s..600s
reply 200 lease 3600
lost flow-lost
expect resolve within 1ms..250ms
resolved 2 stream 1
expect open
connected
expect transport tcp
expect register
reply 200 lease 3600
expect nothing for 2960s
expect register within 1s..70s
