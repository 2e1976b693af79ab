#pragma once
#include <openssl/bn.h>
#include <openssl/cms.h>
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

// A CMS SignedData with one signer: 0 it is none, 1 its signature is wrong, 2 it is right. Names its content's type,
// and where the signature is right gives copies of the content and of the signer's certificate, for CRYPTO_free. Who
// the signer is, is for the caller to judge. (Stacks and memory BIOs are reached through macros.)
static inline int akashi_cms_signed(const unsigned char *der, long length, char *type, int type_size,
                                    unsigned char **content, long *content_length, unsigned char **signer,
                                    int *signer_length) {
    const unsigned char *at = der;
    int result = 0;
    BIO *out = BIO_new(BIO_s_mem());
    STACK_OF(X509) *signers = NULL;
    CMS_ContentInfo *cms = der ? d2i_CMS_ContentInfo(NULL, &at, length) : NULL;
    if (!out || !cms || at != der + length || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) goto end;
    if (OBJ_obj2txt(type, type_size, CMS_get0_eContentType(cms), 1) <= 0) goto end;
    result = 1;
    if (CMS_verify(cms, NULL, NULL, NULL, out, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1) goto end;
    signers = CMS_get0_signers(cms);
    if (!signers || sk_X509_num(signers) != 1) goto end;
    char *data = NULL;
    long count = BIO_get_mem_data(out, &data);
    if (count <= 0) goto end;
    *content = (unsigned char *)OPENSSL_memdup(data, (size_t)count);
    *content_length = count;
    *signer_length = i2d_X509(sk_X509_value(signers, 0), signer);
    if (*content && *signer_length > 0) result = 2;
end:
    sk_X509_free(signers);
    CMS_ContentInfo_free(cms);
    BIO_free(out);
    return result;
}
