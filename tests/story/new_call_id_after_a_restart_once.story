# RFC 3261 10.3: the registrar remembers our Call-ID otherwise. Once with a new
# one, then it backs off.
account tcp
restored 1000 worked
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 400
expect renew
expect register
expect cseq 1003
reply 400
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register
reply 400
expect resolve within 60s..120s

# a 500 likewise, and that helps
account tcp
restored 1000
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 500
expect renew
expect register none
reply 200 lease 3600
expect registered yes

# first the Call-ID, then the old bindings, each once
account tcp
restored 1000
old 1
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 1
reply 500
expect renew
expect register none
expect named 1
reply 500
expect register none
expect named 0
reply 500
expect resolve within 30s..60s

# without a restart, or once it was accepted, the Call-ID is not to blame
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 400
expect resolve within 30s..60s

account tcp ponging
restored 1000
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 300
expect register within 135s..165s
reply 400
expect nothing for 5s
expect state wait
