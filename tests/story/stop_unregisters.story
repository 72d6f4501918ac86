# A stop removes the binding and then nothing goes on.
account tcp
come-up 300s
stop
expect leave reused
reply 401
expect leave fresh
reply 200 absent
expect left
expect state off
expect registered no
expect nothing for 30d
