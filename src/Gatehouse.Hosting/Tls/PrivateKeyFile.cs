using System.Formats.Asn1;
using System.Security.Cryptography;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Hosting.Tls;

/// <summary>The private key in a PEM file, in every form that OpenSSL and upstream's <c>configure</c> write.</summary>
internal static class PrivateKeyFile
{
    private const string RsaKey = "1.2.840.113549.1.1.1";
    private const string EllipticCurveKey = "1.2.840.10045.2.1";

    /// <exception cref="TlsFileException">No key, encrypted and no passphrase or the wrong one, or of a kind we cannot use.</exception>
    public static AsymmetricAlgorithm Parse(string pem, string file, Secret? passphrase)
    {
        try
        {
            var block = PemBlock.ReadAll(pem).FirstOrDefault(block => block.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                ?? throw Problem(file, "there is no private key in it");
            return block.Label switch
            {
                "ENCRYPTED PRIVATE KEY" => OpenPkcs8(block, file, passphrase),
                "PRIVATE KEY" => FromPkcs8(block.Der, file),
                "RSA PRIVATE KEY" => Import(RSA.Create(), key => key.ImportRSAPrivateKey(OpenLegacy(block, file, passphrase), out _)),
                "EC PRIVATE KEY" => Import(ECDsa.Create(), key => key.ImportECPrivateKey(OpenLegacy(block, file, passphrase), out _)),
                _ => throw Problem(file, $"it holds a key of the form {block.Label}, which is not supported: use RSA or ECDSA"),
            };
        }
        catch (Exception e) when (e is CryptographicException or FormatException or AsnContentException)
        {
            throw Problem(file, "the key in it is damaged: " + e.Message, e);
        }
    }

    private static byte[] OpenLegacy(PemBlock block, string file, Secret? passphrase)
    {
        if (!block.Headers.TryGetValue("Proc-Type", out var type) || !type.Contains("ENCRYPTED", StringComparison.Ordinal))
            return block.Der;
        try
        {
            var der = Rfc1423.Decrypt(block, Required(passphrase, file));
            // One wrong passphrase in 256 leaves a padding that looks right; what it covers is then no DER sequence.
            return der is [0x30, ..] ? der : throw new CryptographicException("not a key");
        }
        catch (CryptographicException e)
        {
            throw Problem(file, "it is encrypted and the passphrase does not open it", e);
        }
    }

    private static AsymmetricAlgorithm OpenPkcs8(PemBlock block, string file, Secret? passphrase)
    {
        var secret = Required(passphrase, file);
        try
        {
            // Which kind it is stands inside the encryption.
            return (AsymmetricAlgorithm?)TryImport(RSA.Create(), key => key.ImportEncryptedPkcs8PrivateKey(secret, block.Der, out _))
                ?? Import(ECDsa.Create(), key => key.ImportEncryptedPkcs8PrivateKey(secret, block.Der, out _));
        }
        catch (CryptographicException e)
        {
            throw Problem(file, "it is encrypted and the passphrase does not open it, or what is inside is neither RSA nor ECDSA", e);
        }
    }

    private static string Required(Secret? passphrase, string file) =>
        passphrase?.Reveal() ?? throw Problem(file, "it is encrypted and no passphrase was given (fluentd-key-passphrase-file)");

    private static AsymmetricAlgorithm FromPkcs8(byte[] der, string file) => AlgorithmOf(der) switch
    {
        RsaKey => Import(RSA.Create(), key => key.ImportPkcs8PrivateKey(der, out _)),
        EllipticCurveKey => Import(ECDsa.Create(), key => key.ImportPkcs8PrivateKey(der, out _)),
        var other => throw Problem(file, $"it holds a key of the kind {other}, which is not supported: use RSA or ECDSA"),
    };

    /// <summary>RFC 5208: a sequence of version, algorithm identifier, key.</summary>
    private static string AlgorithmOf(byte[] der)
    {
        var info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        return info.ReadSequence().ReadObjectIdentifier();
    }

    private static T Import<T>(T key, Action<T> import)
        where T : AsymmetricAlgorithm
    {
        try
        {
            import(key);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static T? TryImport<T>(T key, Action<T> import)
        where T : AsymmetricAlgorithm
    {
        try
        {
            return Import(key, import);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static TlsFileException Problem(string file, string what, Exception? inner = null) =>
        new($"tls: failed to parse private key: {file}: {what}", inner);
}
