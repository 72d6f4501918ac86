# Fail-back: the preferred edge was down when the flow was made. Some minutes
# later it is tried beside the flow, which serves until the new one has taken
# its place; nobody notices.
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
expect nothing for 2m
expect aside within 0..3m
expect resolve
expect registered yes
expect reachable unknown
resolved 2 ranked
expect open
expect address 0
expect reachable unknown
connected
expect register none
expect named 1
reply 200 lease 3600
expect retire
expect registered yes
pass 5s
expect flow proven
expect address 0
pass 20m
expect address 0
