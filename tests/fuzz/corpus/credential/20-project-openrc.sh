alice/project-openrc.sh
export OS_USERNAME=u
export OS_PASSWORD='hunter2'
