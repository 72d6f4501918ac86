# A nonce that went stale costs one REGISTER more.
account tcp ponging
come-up 300s
expect register reused within 135s..165s
reply 401 stale
expect register fresh
reply 200 lease 300
expect registered yes
