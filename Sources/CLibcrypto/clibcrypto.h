// The system's libcrypto (OpenSSL 3), of which message digests are used.
#include <openssl/evp.h>
