#pragma once
#include <string.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
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

// How many bits of security a digest has against collisions; 0 if it is not known.
static inline int akashi_digest_bits(int nid) {
    switch (nid) {
    case NID_md5: return 39;
    case NID_sha1: return 63;
    }
    const EVP_MD *digest = nid == NID_undef ? NULL : EVP_get_digestbynid(nid);
    return digest ? EVP_MD_get_size(digest) * 4 : 0;
}

// The same of the digest that a signature's algorithm names; 0 if it names none that is known. RSA-PSS names it in its
// parameters, for the message and for the mask, SHA-1 if they say nothing.
static inline int akashi_signature_bits(const X509_ALGOR *algorithm) {
    const ASN1_OBJECT *name = NULL;
    const void *value = NULL;
    int type = 0, digest = NID_undef, key = NID_undef;
    if (!algorithm) return 0;
    X509_ALGOR_get0(&name, &type, &value, algorithm);
    int nid = OBJ_obj2nid(name);
    if (nid == NID_ED25519) return 128;
    if (nid == NID_ED448) return 224;
    if (nid == NID_rsassaPss) {
        if (type != V_ASN1_SEQUENCE || !value) return 0;
        const ASN1_STRING *text = (const ASN1_STRING *)value;
        const unsigned char *at = ASN1_STRING_get0_data(text);
        RSA_PSS_PARAMS *pss = d2i_RSA_PSS_PARAMS(NULL, &at, ASN1_STRING_length(text));
        if (!pss) return 0;
        int digests[2] = {NID_sha1, NID_sha1};
        if (pss->hashAlgorithm) digests[0] = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
        if (pss->maskGenAlgorithm && pss->maskGenAlgorithm->parameter &&
            pss->maskGenAlgorithm->parameter->type == V_ASN1_SEQUENCE) {
            at = ASN1_STRING_get0_data(pss->maskGenAlgorithm->parameter->value.sequence);
            X509_ALGOR *mask =
                d2i_X509_ALGOR(NULL, &at, ASN1_STRING_length(pss->maskGenAlgorithm->parameter->value.sequence));
            digests[1] = mask ? OBJ_obj2nid(mask->algorithm) : NID_undef;
            X509_ALGOR_free(mask);
        }
        RSA_PSS_PARAMS_free(pss);
        int first = akashi_digest_bits(digests[0]), second = akashi_digest_bits(digests[1]);
        return first < second ? first : second;
    }
    if (OBJ_find_sigid_algs(nid, &digest, &key) != 1) return 0;
    return akashi_digest_bits(digest);
}

// Whether a CMS signer's key, digest and signature are of 112 bits of security and more. Bare key algorithms, as CMS
// names RSA's (RFC 3370 section 3.2), take the message's digest.
static inline int akashi_cms_is_sound(CMS_SignerInfo *info) {
    EVP_PKEY *key = NULL;
    X509_ALGOR *digest = NULL, *signature = NULL;
    const ASN1_OBJECT *name = NULL;
    if (!info) return 0;
    CMS_SignerInfo_get0_algs(info, &key, NULL, &digest, &signature);
    if (!key || !digest || !signature || EVP_PKEY_get_security_bits(key) < 112) return 0;
    X509_ALGOR_get0(&name, NULL, NULL, digest);
    if (akashi_digest_bits(OBJ_obj2nid(name)) < 112) return 0;
    X509_ALGOR_get0(&name, NULL, NULL, signature);
    int nid = OBJ_obj2nid(name);
    if (nid == NID_rsaEncryption || nid == NID_X9_62_id_ecPublicKey) return 1;
    return akashi_signature_bits(signature) >= 112;
}

// What was read of a CMS SignedData.
struct akashi_cms {
    char type[128];          // its content's type
    unsigned char *content;  // copies, for akashi_cms_free: the content and the signer's certificate,
    long content_length;     // where the signature is right
    unsigned char *signer;
    int signer_length;
    int names_type;       // whether the signed attributes name the content's type, once and as it is
    int has_time;         // whether they say when it was signed: 1 they do, in seconds since 1970, -1 unreadably
    long long signed_at;
};

static inline void akashi_cms_free(struct akashi_cms *cms) {
    OPENSSL_free(cms->content);
    OPENSSL_free(cms->signer);
}

// A signed attribute's value, where it stands there once with one value: 0 it is not there, -1 it is there otherwise.
static inline int akashi_cms_attribute(CMS_SignerInfo *info, int nid, int type, const void **value) {
    if (CMS_signed_get_attr_by_NID(info, nid, -1) < 0) return 0;
    *value = CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(nid), -3, type);
    return *value ? 1 : -1;
}

// A CMS SignedData: 0 it is none, 1 its signature is wrong, 2 it is right, 3 it has not exactly one signer, 4 its key,
// digest or signature is of less than 112 bits of security, 5 its signer's certificate is neither in it nor the one that is
// given. Who the signer is, is for the caller to judge. (Stacks and memory BIOs are reached through macros.)
static inline int akashi_cms_signed(const unsigned char *der, long length, const unsigned char *given,
                                    long given_length, struct akashi_cms *read) {
    const unsigned char *at = der;
    const void *value = NULL;
    int result = 0;
    BIO *out = BIO_new(BIO_s_mem());
    STACK_OF(X509) *more = sk_X509_new_null(), *signers = NULL;
    X509 *certificate = NULL;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    CMS_ContentInfo *cms = der ? d2i_CMS_ContentInfo(NULL, &at, length) : NULL;
    memset(read, 0, sizeof *read);
    if (!out || !more || !epoch || !cms || at != der + length ||
        OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        goto end;
    if (OBJ_obj2txt(read->type, sizeof read->type, CMS_get0_eContentType(cms), 1) <= 0) goto end;
    result = 3;
    if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) != 1) goto end;
    CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
    if (given) {
        at = given;
        certificate = d2i_X509(NULL, &at, given_length);
        if (certificate && at == given + given_length && sk_X509_push(more, certificate) > 0) certificate = NULL;
    }
    result = 5;
    if (CMS_set1_signers_certs(cms, more, 0) != 1) goto end;
    result = 1;
    if (CMS_verify(cms, more, NULL, NULL, out, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1) {
        if (!akashi_cms_is_sound(info)) result = 4;
        goto end;
    }
    result = 4;
    if (!akashi_cms_is_sound(info)) goto end;
    result = 1;
    signers = CMS_get0_signers(cms);
    if (!signers || sk_X509_num(signers) != 1) goto end;
    if (akashi_cms_attribute(info, NID_pkcs9_contentType, V_ASN1_OBJECT, &value) == 1)
        read->names_type = OBJ_cmp((const ASN1_OBJECT *)value, CMS_get0_eContentType(cms)) == 0;
    read->has_time = akashi_cms_attribute(info, NID_pkcs9_signingTime, V_ASN1_UTCTIME, &value);
    if (read->has_time < 0)
        read->has_time = akashi_cms_attribute(info, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME, &value);
    if (read->has_time > 0) {
        int days = 0, seconds = 0;
        if (ASN1_TIME_diff(&days, &seconds, epoch, (const ASN1_TIME *)value) == 1)
            read->signed_at = days * 86400LL + seconds;
        else
            read->has_time = -1;
    }
    char *data = NULL;
    long count = BIO_get_mem_data(out, &data);
    if (count <= 0) goto end;
    read->content = (unsigned char *)OPENSSL_memdup(data, (size_t)count);
    read->content_length = count;
    read->signer_length = i2d_X509(sk_X509_value(signers, 0), &read->signer);
    if (read->content && read->signer_length > 0) result = 2;
end:
    sk_X509_free(signers);
    sk_X509_pop_free(more, X509_free);
    X509_free(certificate);
    ASN1_TIME_free(epoch);
    CMS_ContentInfo_free(cms);
    BIO_free(out);
    return result;
}

// The certificate as it is with the other one of its two right signatures, where that is an ECDSA signature of the issuer's key:
// (r, n - s) for (r, s). Returns the length of what *out has then, which the caller frees, or a number below 1.
static inline int akashi_x509_twin(X509 *certificate, EVP_PKEY *issuer, unsigned char **out) {
    int length = -1;
    const BIGNUM *r = NULL, *s = NULL;
    const ASN1_BIT_STRING *signature = NULL;
    unsigned char *bytes = NULL;
    BIGNUM *order = NULL, *first = NULL, *other = BN_new();
    ECDSA_SIG *parsed = NULL;
    X509 *copy = X509_dup(certificate);
    if (copy) {
        X509_get0_signature(&signature, NULL, copy);
        const unsigned char *at = ASN1_STRING_get0_data(signature);
        parsed = d2i_ECDSA_SIG(NULL, &at, ASN1_STRING_length(signature));
    }
    if (parsed && other && EVP_PKEY_get_bn_param(issuer, OSSL_PKEY_PARAM_EC_ORDER, &order) == 1) {
        ECDSA_SIG_get0(parsed, &r, &s);
        first = BN_dup(r);
        if (first && BN_sub(other, order, s) && ECDSA_SIG_set0(parsed, first, other)) {
            // They are the signature's now.
            first = other = NULL;
            int count = i2d_ECDSA_SIG(parsed, &bytes);
            if (count > 0 && ASN1_STRING_set((ASN1_STRING *)signature, bytes, count)) length = i2d_X509(copy, out);
        }
    }
    OPENSSL_free(bytes);
    BN_free(order);
    BN_free(first);
    BN_free(other);
    ECDSA_SIG_free(parsed);
    X509_free(copy);
    ERR_clear_error();
    return length;
}
