# The plain life of a TCP account: resolve, connect, challenge, bound, refresh.
account tcp expires 300 ponging
expect reason starting
start
expect reason resolving
expect resolve
resolved 1
expect reason connecting
expect open
connected
expect register none
reply 401
expect register fresh
reply 200 lease 300
expect state bound
expect registered yes
expect reachable unknown
expect reason unproven
expect granted 300
expect cseq 2
# half of the lease, 45 to 55 %, with the nonce that is known
expect register reused within 135s..165s
reply 200 lease 300
expect cseq 3
expect next refresh
