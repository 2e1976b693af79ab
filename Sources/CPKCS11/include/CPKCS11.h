// The few calls of a PKCS#11 module (OASIS PKCS #11 v2.40) that a service needs of its token, behind plain C types: the
// module's table of functions, its templates and parameters are macros and nested pointers, which Swift reaches badly.
//
// Calls may come from any thread; a session and an object belong to one thread at a time. Each returns a CK_RV: 0, or why it
// failed (AKASHI_CKR_… below are the ones that callers tell apart).
#ifndef AKASHI_CPKCS11_H
#define AKASHI_CPKCS11_H

#include <stddef.h>
#include <stdint.h>

typedef struct akashi_module akashi_module;

enum {
    AKASHI_CKR_OK = 0x000,
    AKASHI_CKR_GENERAL_ERROR = 0x005,
    AKASHI_CKR_MECHANISM_INVALID = 0x070,
    AKASHI_CKR_PIN_INCORRECT = 0x0A0,
    AKASHI_CKR_PIN_LOCKED = 0x0A4,
    AKASHI_CKR_TOKEN_NOT_PRESENT = 0x0E0,
    AKASHI_CKR_BUFFER_TOO_SMALL = 0x150,
};

// What a key is looked up by: RFC 7512's "object" and "id". `label` is not ended by a zero; an `id` of no bytes matches any.
typedef struct {
    const uint8_t *label;
    size_t label_count;
    const uint8_t *id;
    size_t id_count;
} akashi_object_name;

enum akashi_object_class { AKASHI_PUBLIC_KEY = 2, AKASHI_PRIVATE_KEY = 3, AKASHI_SECRET_KEY = 4 };

// Loads the module in a shared library, and initialises it for use by several threads. NULL where it cannot be loaded or is
// no module; `message` then says why, in at most `count` bytes with their ending zero. SIGPIPE is ignored from here on, unless
// the process does something else with it.
akashi_module *akashi_module_load(const char *path, char *message, size_t count);

// Ends the module and begins it anew, once no call is under way: what a module needs whose device or server went away. All
// sessions of before are gone. `generation` is what the caller saw last; where another has done it since, nothing happens.
unsigned long akashi_module_restart(akashi_module *module, uint64_t generation);

// How often the module was begun anew.
uint64_t akashi_module_generation(akashi_module *module);

// The slot of the token with a label, 1 to 32 bytes; AKASHI_CKR_TOKEN_NOT_PRESENT where there is none, and
// AKASHI_CKR_GENERAL_ERROR where several have it.
unsigned long akashi_slot(akashi_module *module, const uint8_t *label, size_t count, unsigned long *slot);

// Opens a session in which private objects can be used; `pin` is the user's.
unsigned long akashi_session_open(
    akashi_module *module, unsigned long slot, const uint8_t *pin, size_t count, int writes, unsigned long *session);
void akashi_session_close(akashi_module *module, unsigned long session);

// Whether a session still stands: asks the module.
unsigned long akashi_session_check(akashi_module *module, unsigned long session);

// How many objects of a class have a name, two at most, and the handle of the first.
unsigned long akashi_find(
    akashi_module *module, unsigned long session, enum akashi_object_class class, const akashi_object_name *name,
    unsigned long *object, size_t *found);

// The point of a P-256 public key, 65 bytes, uncompressed (SEC 1); AKASHI_CKR_GENERAL_ERROR for any other key.
unsigned long akashi_p256_point(
    akashi_module *module, unsigned long session, unsigned long object, uint8_t point[65]);

// Whether a key can leave its token: CKA_SENSITIVE and not CKA_EXTRACTABLE say it cannot.
unsigned long akashi_can_leave(akashi_module *module, unsigned long session, unsigned long object, int *can);

// ECDSA over a digest of 32 bytes (CKM_ECDSA): r and s, 32 bytes each.
unsigned long akashi_sign(
    akashi_module *module, unsigned long session, unsigned long key, const uint8_t digest[32], uint8_t signature[64]);

// AES-GCM with a nonce of 12 bytes and a tag of 16 behind the ciphertext (CKM_AES_GCM); `*count` is the room at `out`, then
// what it took.
unsigned long akashi_gcm(
    akashi_module *module, unsigned long session, unsigned long key, int encrypts, const uint8_t nonce[12],
    const uint8_t *associated, size_t associated_count, const uint8_t *in, size_t in_count, uint8_t *out,
    size_t *count);

// Makes keys that never leave the token: a P-256 pair for ECDSA, and an AES-256 key.
unsigned long akashi_make_p256(akashi_module *module, unsigned long session, const akashi_object_name *name);
unsigned long akashi_make_aes(akashi_module *module, unsigned long session, const akashi_object_name *name);

// The parts of a PKCS#11 URI (RFC 7512) that name an object: room of 33, 256 and 64 bytes. Returns 0, or -1 where it is no
// such URI, says anything else, or says too much; absent parts have no bytes.
typedef struct {
    char token[33];
    uint8_t label[256];
    size_t label_count;
    uint8_t id[64];
    size_t id_count;
    int has_class;
    unsigned long object_class;
} akashi_uri;
int akashi_uri_parse(const char *text, akashi_uri *uri);

#endif
