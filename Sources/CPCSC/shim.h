#pragma once
#include <winscard.h>

// SCARD_PCI_T0 and SCARD_PCI_T1 are address-of macros, which Swift does not import.
static inline const SCARD_IO_REQUEST *akashi_scard_pci(DWORD protocol) {
    return protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
}
