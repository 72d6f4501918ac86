# SCENARIOS T21: addresses rotate every minute. A flow stays where it is; a new
# one goes where the name points by then.
account tcp ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 7200
expect nothing for 6500s
expect register within 70s..130s
reply 200 lease 7200
expect nothing for 6500s
expect address 0
lost flow-lost
# asked again, at once: the old one comes second now
expect resolve within 1ms..250ms
resolved 2
expect open
connected
expect register none
reply 200 lease 7200
expect registered yes
