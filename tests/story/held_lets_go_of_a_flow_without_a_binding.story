# Held with an older lease that still runs: the flow that it was made over is
# gone, and the new one, which serves nothing, is closed.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 200 lease 3600
expect crlf within 0..1s
pong
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
connected
expect register none
reply 401
expect register fresh
reply 401
expect register fresh
reply 401
expect close
expect state held
expect flow none
expect reason credentials
expect registered yes
expect reachable no
expect nothing for 2h
expect registered no
