# It is knocked at for a minute, then home is asked, which may know better.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect redirect
resolved 1
expect open
refused connect-refused down 1
expect park
expect resolve within 60s..60s
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect redirect
resolved 1
expect open
connected
expect register none
reply 200 lease 3600
expect registered yes

# its name is not known: home would send us there again each time
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 302 redirect
expect redirect
resolve-failed
expect reason dns-failure
expect resolve within 30s..60s
