# From 30 s, doubling, at most 30 minutes, never giving up; a connect or the
# close of the connection does not reset it (SCENARIOS T8).
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 500
lost flow-lost
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 404
lost flow-lost
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register none
reply 600
lost flow-lost
expect resolve within 120s..240s
resolved 1
expect open
connected
expect register none
reply 480
expect register within 240s..480s
reply 500
expect register within 480s..960s
reply 500
expect register within 900s..1800s
reply 603
expect register within 900s..1800s
reply 302
expect register within 900s..1800s
