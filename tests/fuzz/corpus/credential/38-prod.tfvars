tf/prod.tfvars
db_password = var.password
