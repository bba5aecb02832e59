// A stand-in for the library of NVIDIA's driver, with the functions of it that the device plugin calls. As with the driver,
// there is a GPU for each device /dev/nvidiaN; all that a GPU can do is to be there.
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TIMED_OUT = 10 };
enum { MOST = 16, SYSTEM_TOPOLOGY = 50 };

struct place {
  char legacy_id[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char id[32];
};

static int numbers[MOST], count;

int nvmlInit_v2(void) {
  count = 0;
  for (int number = 0; number < MOST; number++) {
    char path[32];
    struct stat device;
    snprintf(path, sizeof path, "/dev/nvidia%d", number);
    if (stat(path, &device) == 0) numbers[count++] = number;
  }
  return OK;
}

int nvmlShutdown(void) { return OK; }

const char *nvmlErrorString(int error) { return error == NOT_SUPPORTED ? "not supported" : "stand-in"; }

int nvmlSystemGetDriverVersion(char *version, unsigned size) {
  snprintf(version, size, "580.1");
  return OK;
}

int nvmlDeviceGetCount_v2(unsigned *found) {
  *found = count;
  return OK;
}

// A handle is a pointer to the device's number.
int nvmlDeviceGetHandleByIndex_v2(unsigned index, int **device) {
  *device = &numbers[index];
  return OK;
}

int nvmlDeviceGetUUID(int *device, char *uuid, unsigned size) {
  snprintf(uuid, size, "GPU-00000000-0000-0000-0000-%012d", *device);
  return OK;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, int **device) {
  char found[96];
  for (*device = numbers; *device < numbers + count; ++*device) {
    nvmlDeviceGetUUID(*device, found, sizeof found);
    if (strcmp(found, uuid) == 0) return OK;
  }
  return NOT_FOUND;
}

int nvmlDeviceGetIndex(int *device, unsigned *index) {
  *index = device - numbers;
  return OK;
}

int nvmlDeviceGetMinorNumber(int *device, unsigned *minor) {
  *minor = *device;
  return OK;
}

int nvmlDeviceGetName(int *device, char *name, unsigned size) {
  (void)device;
  snprintf(name, size, "Stand-in");
  return OK;
}

int nvmlDeviceGetPciInfo_v3(int *device, struct place *place) {
  memset(place, 0, sizeof *place);
  place->bus = *device + 1;
  snprintf(place->legacy_id, sizeof place->legacy_id, "0000:%02x:00.0", place->bus);
  snprintf(place->id, sizeof place->id, "00000000:%02x:00.0", place->bus);
  return OK;
}

int nvmlDeviceGetMemoryInfo(int *device, unsigned long long *total_free_used) {
  (void)device;
  memset(total_free_used, 0, 3 * sizeof *total_free_used);
  return OK;
}

int nvmlDeviceGetCudaComputeCapability(int *device, int *major, int *minor) {
  (void)device;
  *major = 8;
  *minor = 0;
  return OK;
}

int nvmlDeviceGetMigMode(void) { return NOT_SUPPORTED; }

int nvmlDeviceIsMigDeviceHandle(int *device, unsigned *is) {
  (void)device;
  *is = 0;
  return OK;
}

int nvmlDeviceGetNvLinkState(void) { return NOT_SUPPORTED; }

int nvmlDeviceGetTopologyCommonAncestor(int *device, int *other, int *level) {
  (void)device, (void)other;
  *level = SYSTEM_TOPOLOGY;
  return OK;
}

int nvmlDeviceGetSupportedEventTypes(int *device, unsigned long long *types) {
  (void)device;
  *types = 0;
  return OK;
}

int nvmlDeviceRegisterEvents(void) { return OK; }

int nvmlEventSetCreate(void **set) {
  *set = numbers;
  return OK;
}

int nvmlEventSetWait_v2(void *set, void *event, unsigned milliseconds) {
  (void)set, (void)event;
  usleep(milliseconds * 1000);
  return TIMED_OUT;
}

int nvmlEventSetFree(void) { return OK; }
