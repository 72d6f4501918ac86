# SCENARIOS O5b at a registrar that replaces bindings by instance and reg-id: two
# machines with one state directory take the binding from each other, and no
# answer to a REGISTER shows it. After a start with restored state, and then once
# an hour, the list is looked at before a refresh; who comes back twice is a
# clone.
account tcp ponging expires 600
pass 1s
restored 20
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 600 outbound
expect registered yes
expect fetch within 270s..330s
reply 200 absent ghost 77
expect register
expect named 1
reply 200 lease 600 outbound
expect fetch within 270s..330s
reply 200 absent ghost 77
expect note none
expect register
expect named 1
reply 200 lease 600 outbound
expect fetch within 270s..330s
reply 200 absent ghost 77
expect note clone
expect register
expect named 0
reply 200 lease 600 outbound
expect registered yes
expect register within 270s..330s
reply 200 lease 600 outbound
