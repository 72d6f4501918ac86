# The preferred edge does not answer yet: the flow is taken back as if nothing had
# been tried, and the next try comes later.
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
expect address 0
refused connect-timeout
expect take-back
expect registered yes
expect reason unproven
expect address 1
expect nothing for 290s
expect aside within 0..6m
expect resolve
resolved 2 ranked down 1
expect take-back
expect nothing for 9m
expect reason unproven
