# SCENARIOS T11: 439 (RFC 5626 11.6), once more without it.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 439
expect register none
reply 200 lease 300
expect registered yes
