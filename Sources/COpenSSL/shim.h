#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// EVP_PKEY_KEYPAIR is a combination of other macros, which Swift does not import.
static const int akashi_evp_pkey_keypair = EVP_PKEY_KEYPAIR;

// OSSL_PARAM_BLD keeps the name's pointer, which for a Swift string would not outlive the call.
static inline int akashi_push_rsa_number(OSSL_PARAM_BLD *builder, unsigned index, const BIGNUM *number) {
    static const char *const names[] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,         OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    if (index >= sizeof names / sizeof names[0]) return 0;
    return OSSL_PARAM_BLD_push_BN(builder, names[index], number);
}
