# The last tries come before the lease ends: half of what is left, then half.
account tcp ponging expires 100
come-up 100s
expect register within 45s..55s
reply 500
expect registered yes
expect register within 5s..28s
reply 500
expect registered yes
expect register within 5s..20s
reply 500
expect registered yes
expect register within 5s..15s
reply 500
# then as any other failure
expect register within 1s..600s
reply 500
expect reason rejected
