# The operator orders a new flow while the better edge has not answered.
account tcp ponging expires 3600
start
expect resolve
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
expect registered yes
pass 5s
expect flow proven
expect aside within 1m..5m
expect resolve
resolved 2 ranked
expect open
connected
expect register none
reconnect
expect resolve
expect reachable no
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
expect registered yes
