# The registrar has moved to another address while we knock at the old one
# ourselves: every knock sets a new deadline, the name is asked again anyway.
account tcp
start
expect resolve
resolved 1
expect open
refused connect-refused down 1
expect park
pass 30s
knock
expect open
refused connect-refused down 1
expect park
pass 31s
knock
expect open
refused connect-refused down 1
expect resolve
resolved 1
expect open
connected
expect register
