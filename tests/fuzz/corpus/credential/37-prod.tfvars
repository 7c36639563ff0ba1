tf/prod.tfvars
region = "x"
db_password = "hunter2"
