# SCENARIOS T11: 302 to a host that the configuration allows.
account tcp ponging
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect close
expect redirect
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 200 lease 3600
expect registered yes
# refreshes stay there, a new flow asks at home first
expect register within 45m..55m
reply 200 lease 3600
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register
reply 302 redirect
expect redirect
resolved 1
expect open
connected
expect register
