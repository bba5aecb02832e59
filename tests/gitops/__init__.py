"""What Flux, Helm and Argo CD say of Vk8s objects: their own libraries, over every status of the stories."""
