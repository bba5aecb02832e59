"""What the scripts of images do, without building one."""
