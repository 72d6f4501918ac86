# SCENARIOS T24: the AOR is full of other people's bindings. 403 is a hold that
# grows to an hour, 603 a back-off; nothing of theirs is named, and as soon as
# there is room we are in.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
expect named 0
reply 401
expect register fresh
expect named 0
reply 403
expect state held
expect reason forbidden
expect registered no
expect resolve within 300s..300s
resolved 1
expect open
connected
expect register none
expect named 0
reply 401
expect register fresh
reply 403
expect resolve within 600s..600s
resolved 1
expect open
connected
expect register none
expect named 0
reply 401
expect register fresh
reply 200 lease 3600 foreign 9
expect registered yes
expect foreign 9

account udp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 603
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
expect named 0
reply 603
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register none
expect named 0
reply 200 lease 3600 foreign 19
expect registered yes
expect foreign 19
