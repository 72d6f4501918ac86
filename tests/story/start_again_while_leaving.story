# A start that comes while it leaves waits until it has left.
account tcp
come-up 300s
pause
expect leave
start
reply 200 absent
expect resolve
resolved 1
expect open
account tcp
come-up 300s
pause
expect leave
reply 200 absent
expect left
expect reason paused
start
expect resolve
