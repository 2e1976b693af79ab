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
