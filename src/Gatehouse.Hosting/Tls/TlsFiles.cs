using Gatehouse.Hosting.Settings;

namespace Gatehouse.Hosting.Tls;

/// <summary>The PEM files a TLS client is made of. Each may be left out, but <see cref="Cert"/> and <see cref="Key"/> come together.</summary>
/// <param name="Ca">Certificates to trust, and no others; null trusts the system's store (which honours <c>SSL_CERT_FILE</c>).</param>
/// <param name="Cert">Our certificate, then those that lead from it to the authority.</param>
/// <param name="Key">Its key: PKCS#1, PKCS#8 or SEC 1, encrypted or not.</param>
/// <param name="KeyPassphrase">Opens an encrypted key; not looked at otherwise.</param>
public sealed record TlsFiles(string? Ca, string? Cert, string? Key, Secret? KeyPassphrase = null);

/// <summary>A TLS file cannot be used; the message says which, why, and what helps.</summary>
public sealed class TlsFileException(string message, Exception? inner = null) : Exception(message, inner);
