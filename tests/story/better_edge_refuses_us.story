# The preferred edge answers, but does not take us: 403 there says nothing about
# the binding that we have here.
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
expect named 1
reply 403
expect register none
expect named 0
reply 403
expect take-back
expect registered yes
expect reason unproven
expect nothing for 4m
