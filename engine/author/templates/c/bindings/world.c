// The generated bindings want an object file to be linked that says which world they are for. `weir plugin build` says so
// itself, from `plugin.toml` and the files in `wit/`, so that there is nothing in here.

void __component_type_object_force_link_world(void);
void __component_type_object_force_link_world(void) {}
