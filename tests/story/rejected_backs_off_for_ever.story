# From 30 s, doubling, at most 30 minutes, never giving up; that a connect
# succeeds each time does not reset it (SCENARIOS T8).
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 500
expect reason rejected
expect resolve within 30s..60s
resolved 1
expect open
connected
expect register none
reply 404
expect resolve within 60s..120s
resolved 1
expect open
connected
expect register none
reply 600
expect resolve within 120s..240s
resolved 1
expect open
connected
expect register none
reply 480
expect resolve within 240s..480s
resolved 1
expect open
connected
expect register
reply 500
expect resolve within 480s..960s
resolved 1
expect open
connected
expect register
reply 500
expect resolve within 900s..1800s
resolved 1
expect open
connected
expect register
reply 603
expect resolve within 900s..1800s
resolved 1
expect open
connected
expect register
reply 302
expect resolve within 900s..1800s
resolved 1
expect open
connected
expect register
