# The operator wants a new flow, whatever goes on.
account tcp ponging
# off
reconnect
expect nothing for 1m
# the way to a flow is one to a new flow
start
expect resolve
reconnect
expect state resolve
resolved 1
expect open
reconnect
expect state connect
connected
# in flight
expect register none
reconnect
expect close
expect resolve
resolved 1
expect open
connected
expect register none
expect cseq 2
reply 200 lease 3600
expect registered yes
pass 10s
# bound
reconnect
expect close
expect resolve
expect registered yes
expect reachable no
resolved 1
expect open
connected
expect register
reply 200 lease 3600
expect reachable unknown
pass 10s
# a wait that somebody asked for
kick
expect register
reply 480 retry-after 600
expect state wait
reconnect
expect resolve
resolved 1
expect open
connected
expect register
# held; the first refusal may have been for the old binding that it named
expect named 1
reply 403
expect register
expect named 0
reply 403
expect state held
reconnect
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 3600
pass 10s
# leaving
stop
expect leave
reconnect
expect state leaving
reply 200 absent
expect left
