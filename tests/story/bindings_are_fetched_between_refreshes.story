# The operator wants to see the list: a REGISTER without Contact, which changes
# nothing.
account tcp ponging
come-up 3600s
pass 10m
fetch
expect fetch reused
expect state sent
reply 200 lease 3000 foreign 2
expect foreign 2
expect state bound
expect registered yes
# the refresh comes when it would have come: 600 s before the end
expect register within 2370s..2430s
reply 200 lease 3600
# challenged
fetch
expect fetch reused
reply 401 stale
expect fetch fresh
reply 200 lease 3600
expect state bound
# refused: the binding is what it was
fetch
expect fetch
reply 403
expect state bound
expect registered yes
# asked for while a REGISTER is in flight: after it
kick
expect register
fetch
reply 200 lease 3600
expect fetch
reply 200 lease 3600
expect state bound

# it shows that our binding is gone: made again at once
fetch
expect fetch
reply 200 absent foreign 1
expect register
reply 200 lease 3600
expect registered yes

# no answer: the REGISTER that asks is one that means something
fetch
expect fetch
expect register within 32s..32s
reply 200 lease 3600
expect state bound

# a flow that breaks meanwhile takes the question with it
fetch
expect fetch
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register
reply 200 lease 3600
expect state bound
