#include "CPKCS11.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct akashi_module {
    CK_FUNCTION_LIST *functions;
    // Held for reading by each call, for writing while the module is begun anew.
    pthread_rwlock_t lock;
    uint64_t generation;
    // Whether the last beginning succeeded: without it no function may be called.
    int begun;
};

// p11-kit answers calls on a module that was not begun, but not every module does.
#define ENTER(module)                                                                                                  \
    pthread_rwlock_rdlock(&(module)->lock);                                                                            \
    if (!(module)->begun) {                                                                                            \
        pthread_rwlock_unlock(&(module)->lock);                                                                        \
        return CKR_CRYPTOKI_NOT_INITIALIZED;                                                                           \
    }
#define LEAVE(module, rv)                                                                                              \
    do {                                                                                                               \
        CK_RV left = (rv);                                                                                             \
        pthread_rwlock_unlock(&(module)->lock);                                                                        \
        return left;                                                                                                   \
    } while (0)

akashi_module *akashi_module_load(const char *path, char *message, size_t count) {
    akashi_module *module = calloc(1, sizeof *module);
    if (!module) return NULL;
    // Modules speak to their servers through sockets: a server's end is an error of the call, and not this process's end.
    struct sigaction pipe;
    if (sigaction(SIGPIPE, NULL, &pipe) == 0 && pipe.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    module->functions = p11_kit_module_load(path, 0);
    if (!module->functions) {
        const char *said = p11_kit_message();
        snprintf(message, count, "%s", said ? said : "not a PKCS#11 module");
        free(module);
        return NULL;
    }
    CK_RV rv = p11_kit_module_initialize(module->functions);
    if (rv != CKR_OK) {
        snprintf(message, count, "%s", p11_kit_strerror(rv));
        p11_kit_module_release(module->functions);
        free(module);
        return NULL;
    }
    module->begun = 1;
    pthread_rwlock_init(&module->lock, NULL);
    return module;
}

uint64_t akashi_module_generation(akashi_module *module) {
    pthread_rwlock_rdlock(&module->lock);
    uint64_t generation = module->generation;
    pthread_rwlock_unlock(&module->lock);
    return generation;
}

unsigned long akashi_module_restart(akashi_module *module, uint64_t generation) {
    CK_RV rv = CKR_OK;
    pthread_rwlock_wrlock(&module->lock);
    if (module->generation == generation) {
        if (module->begun) p11_kit_module_finalize(module->functions);
        rv = p11_kit_module_initialize(module->functions);
        module->begun = rv == CKR_OK;
        module->generation += 1;
    }
    pthread_rwlock_unlock(&module->lock);
    return rv;
}

unsigned long akashi_slot(akashi_module *module, const uint8_t *label, size_t count, unsigned long *slot) {
    CK_TOKEN_INFO info;
    uint8_t padded[sizeof info.label];
    if (count == 0 || count > sizeof padded) return CKR_ARGUMENTS_BAD;
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, count);

    ENTER(module);
    CK_SLOT_ID slots[256];
    CK_ULONG found = sizeof slots / sizeof *slots;
    CK_RV rv = module->functions->C_GetSlotList(CK_TRUE, slots, &found);
    if (rv != CKR_OK) LEAVE(module, rv);
    int matches = 0;
    for (CK_ULONG i = 0; i < found; i++) {
        if (module->functions->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
        if (!(info.flags & CKF_TOKEN_INITIALIZED) || memcmp(info.label, padded, sizeof padded) != 0) continue;
        *slot = slots[i];
        matches += 1;
    }
    LEAVE(module, matches == 1 ? CKR_OK : matches == 0 ? CKR_TOKEN_NOT_PRESENT : CKR_GENERAL_ERROR);
}

unsigned long akashi_session_open(
    akashi_module *module, unsigned long slot, const uint8_t *pin, size_t count, int writes, unsigned long *session) {
    ENTER(module);
    CK_SESSION_HANDLE handle;
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0);
    CK_RV rv = module->functions->C_OpenSession(slot, flags, NULL, NULL, &handle);
    if (rv != CKR_OK) LEAVE(module, rv);
    // All sessions of an application are logged in together (5.6 of the standard).
    rv = module->functions->C_Login(handle, CKU_USER, (CK_UTF8CHAR *)pin, count);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
        module->functions->C_CloseSession(handle);
        LEAVE(module, rv);
    }
    *session = handle;
    LEAVE(module, CKR_OK);
}

void akashi_session_close(akashi_module *module, unsigned long session) {
    pthread_rwlock_rdlock(&module->lock);
    if (module->begun) module->functions->C_CloseSession(session);
    pthread_rwlock_unlock(&module->lock);
}

unsigned long akashi_session_check(akashi_module *module, unsigned long session) {
    ENTER(module);
    CK_SESSION_INFO info;
    CK_RV rv = module->functions->C_GetSessionInfo(session, &info);
    if (rv == CKR_OK && info.state != CKS_RO_USER_FUNCTIONS && info.state != CKS_RW_USER_FUNCTIONS)
        rv = CKR_USER_NOT_LOGGED_IN;
    LEAVE(module, rv);
}

unsigned long akashi_find(
    akashi_module *module, unsigned long session, enum akashi_object_class class, const akashi_object_name *name,
    unsigned long *object, size_t *found) {
    CK_OBJECT_CLASS value = class;
    CK_ATTRIBUTE template[4] = {{CKA_CLASS, &value, sizeof value}};
    CK_ULONG count = 1;
    if (name->label_count) template[count++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)name->label, name->label_count};
    if (name->id_count) template[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)name->id, name->id_count};

    ENTER(module);
    CK_RV rv = module->functions->C_FindObjectsInit(session, template, count);
    if (rv != CKR_OK) LEAVE(module, rv);
    CK_OBJECT_HANDLE objects[2];
    CK_ULONG matches = 0;
    rv = module->functions->C_FindObjects(session, objects, 2, &matches);
    CK_RV ended = module->functions->C_FindObjectsFinal(session);
    if (rv == CKR_OK) rv = ended;
    *found = matches;
    if (matches > 0) *object = objects[0];
    LEAVE(module, rv);
}

// The object identifier of P-256 (prime256v1), DER: the parameters of its keys.
static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

unsigned long akashi_p256_point(
    akashi_module *module, unsigned long session, unsigned long object, uint8_t point[65]) {
    uint8_t parameters[64], encoded[160];
    CK_ATTRIBUTE template[2] = {
        {CKA_EC_PARAMS, parameters, sizeof parameters},
        {CKA_EC_POINT, encoded, sizeof encoded},
    };
    ENTER(module);
    CK_RV rv = module->functions->C_GetAttributeValue(session, object, template, 2);
    if (rv != CKR_OK) LEAVE(module, rv);
    CK_ULONG count = template[1].ulValueLen;
    const uint8_t *start = encoded;
    // An OCTET STRING around the point by the standard; some modules leave it away.
    if (count == 67 && encoded[0] == 0x04 && encoded[1] == 65) {
        start += 2;
        count -= 2;
    }
    int fits = template[0].ulValueLen == sizeof p256 && memcmp(parameters, p256, sizeof p256) == 0 && count == 65
        && start[0] == 0x04;
    if (fits) memcpy(point, start, 65);
    LEAVE(module, fits ? CKR_OK : CKR_GENERAL_ERROR);
}

unsigned long akashi_can_leave(akashi_module *module, unsigned long session, unsigned long object, int *can) {
    CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
    CK_ATTRIBUTE template[2] = {
        {CKA_SENSITIVE, &sensitive, sizeof sensitive},
        {CKA_EXTRACTABLE, &extractable, sizeof extractable},
    };
    ENTER(module);
    CK_RV rv = module->functions->C_GetAttributeValue(session, object, template, 2);
    *can = !(sensitive == CK_TRUE && extractable == CK_FALSE);
    LEAVE(module, rv);
}

unsigned long akashi_sign(
    akashi_module *module, unsigned long session, unsigned long key, const uint8_t digest[32], uint8_t signature[64]) {
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    ENTER(module);
    CK_RV rv = module->functions->C_SignInit(session, &mechanism, key);
    if (rv != CKR_OK) LEAVE(module, rv);
    CK_ULONG count = 64;
    rv = module->functions->C_Sign(session, (CK_BYTE *)digest, 32, signature, &count);
    LEAVE(module, rv != CKR_OK ? rv : count == 64 ? CKR_OK : CKR_GENERAL_ERROR);
}

unsigned long akashi_gcm(
    akashi_module *module, unsigned long session, unsigned long key, int encrypts, const uint8_t nonce[12],
    const uint8_t *associated, size_t associated_count, const uint8_t *in, size_t in_count, uint8_t *out,
    size_t *count) {
    CK_GCM_PARAMS parameters = {(uint8_t *)nonce, 12, 96, (uint8_t *)associated, associated_count, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    CK_FUNCTION_LIST *functions = module->functions;
    CK_ULONG room = *count;
    ENTER(module);
    CK_RV rv = encrypts ? functions->C_EncryptInit(session, &mechanism, key)
                        : functions->C_DecryptInit(session, &mechanism, key);
    if (rv != CKR_OK) LEAVE(module, rv);
    rv = encrypts ? functions->C_Encrypt(session, (CK_BYTE *)in, in_count, out, &room)
                  : functions->C_Decrypt(session, (CK_BYTE *)in, in_count, out, &room);
    *count = room;
    LEAVE(module, rv);
}

unsigned long akashi_make_p256(akashi_module *module, unsigned long session, const akashi_object_name *name) {
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_key[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_VERIFY, &yes, sizeof yes},
        {CKA_EC_PARAMS, (void *)p256, sizeof p256},
        {CKA_LABEL, (void *)name->label, name->label_count},
        {CKA_ID, (void *)name->id, name->id_count},
    };
    CK_ATTRIBUTE private_key[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_LABEL, (void *)name->label, name->label_count},
        {CKA_ID, (void *)name->id, name->id_count},
    };
    CK_OBJECT_HANDLE first, second;
    ENTER(module);
    LEAVE(
        module, module->functions->C_GenerateKeyPair(
                    session, &mechanism, public_key, sizeof public_key / sizeof *public_key, private_key,
                    sizeof private_key / sizeof *private_key, &first, &second));
}

unsigned long akashi_make_aes(akashi_module *module, unsigned long session, const akashi_object_name *name) {
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG length = 32;
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE key[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_DECRYPT, &yes, sizeof yes},
        {CKA_VALUE_LEN, &length, sizeof length},
        {CKA_LABEL, (void *)name->label, name->label_count},
        {CKA_ID, (void *)name->id, name->id_count},
    };
    CK_OBJECT_HANDLE made;
    ENTER(module);
    LEAVE(module, module->functions->C_GenerateKey(session, &mechanism, key, sizeof key / sizeof *key, &made));
}

// Copies an attribute of a URI; 0 where it has too many bytes.
static int take(P11KitUri *uri, CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t room, size_t *count) {
    CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, type);
    *count = 0;
    if (!attribute) return 1;
    if (attribute->ulValueLen > room) return 0;
    memcpy(out, attribute->pValue, attribute->ulValueLen);
    *count = attribute->ulValueLen;
    return 1;
}

int akashi_uri_parse(const char *text, akashi_uri *out) {
    memset(out, 0, sizeof *out);
    P11KitUri *uri = p11_kit_uri_new();
    if (!uri) return -1;
    int result = -1;
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) != P11_KIT_URI_OK) goto end;
    if (p11_kit_uri_any_unrecognized(uri)) goto end;
    // Where the module and its PIN are is said elsewhere; what else describes a token or a module would be left unread.
    if (p11_kit_uri_get_pin_value(uri) || p11_kit_uri_get_pin_source(uri) || p11_kit_uri_get_module_name(uri)
        || p11_kit_uri_get_module_path(uri) || p11_kit_uri_get_slot_id(uri) != (CK_SLOT_ID)-1)
        goto end;
    CK_TOKEN_INFO *token = p11_kit_uri_get_token_info(uri);
    if (token->manufacturerID[0] || token->model[0] || token->serialNumber[0]) goto end;
    if (!take(uri, CKA_LABEL, out->label, sizeof out->label, &out->label_count)) goto end;
    if (!take(uri, CKA_ID, out->id, sizeof out->id, &out->id_count)) goto end;
    CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(uri, CKA_CLASS);
    if (class && class->ulValueLen == sizeof(CK_OBJECT_CLASS)) {
        CK_OBJECT_CLASS value;
        memcpy(&value, class->pValue, sizeof value);
        out->has_class = 1;
        out->object_class = value;
    }
    size_t length = sizeof token->label;
    while (length > 0 && (token->label[length - 1] == ' ' || token->label[length - 1] == 0)) length -= 1;
    memcpy(out->token, token->label, length);
    result = 0;
end:
    p11_kit_uri_free(uri);
    return result;
}
