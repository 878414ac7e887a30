using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Tls;

/// <summary>
/// The TLS side of a client: turns a connected stream into an authenticated one, with whatever the files say at that moment. Files
/// are read again at the next connection, at most once a second, and compared by content, so that a renewed certificate, a Kubernetes
/// link swap and a restored backup are all noticed; while a new set cannot be used (half of it written, say) the old one stays.
/// </summary>
public sealed class ClientTls
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    // set once
    private readonly TlsFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    // under the gate
    private readonly Lock _gate = new();
    private ClientTlsMaterial _material;
    private long _lookedAt;
    private string? _refusal;

    /// <exception cref="TlsFileException">The files cannot be used as they are.</exception>
    public ClientTls(TlsFiles files, TimeProvider time, ILogger log)
    {
        _files = files;
        _time = time;
        _log = log;
        _material = ClientTlsMaterial.Load(files);
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>TLS 1.2 or 1.3 with <paramref name="host"/> as the name the certificate must have (sent as SNI unless it is an address).</summary>
    /// <exception cref="AuthenticationException">The peer is not whom we expect, or refuses us; the message is for the user.</exception>
    public async Task<SslStream> AuthenticateAsync(
        Stream transport, string host, IReadOnlyList<SslApplicationProtocol> protocols, CancellationToken cancellation)
    {
        var material = Current();
        var check = new ServerCertificateCheck(host, material.Roots, material.RootsFile);
        var stream = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(Options(host, protocols, material, check), cancellation);
            return stream;
        }
        catch (AuthenticationException e)
        {
            await stream.DisposeAsync();
            throw new AuthenticationException(check.Refusal ?? e.InnerException?.Message ?? e.Message, e);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(
        string host, IReadOnlyList<SslApplicationProtocol> protocols, ClientTlsMaterial material, ServerCertificateCheck check)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [.. protocols],
            ClientCertificateContext = material.Certificate,
            // Fluentd breaks off the handshake of a client that resumes a session ("session id context uninitialized"), and a resumed
            // session would carry the old certificate past a renewal.
            AllowTlsResume = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = check.Accepts,
        };
        if (material.Roots is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(material.Roots);
        }
        return options;
    }

    private ClientTlsMaterial Current()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookAgain)
                return _material;
            _lookedAt = _time.GetTimestamp();
            try
            {
                if (!ClientTlsMaterial.FingerprintOf(_files).AsSpan().SequenceEqual(_material.Fingerprint))
                {
                    _material = ClientTlsMaterial.Load(_files);
                    Log.TlsFilesReloaded(_log, _files.Ca, _files.Cert);
                }
                _refusal = null;
            }
            catch (TlsFileException e)
            {
                // Said once for each different trouble, not at every connection.
                if (_refusal != e.Message)
                    Log.TlsFilesNotReloaded(_log, e.Message);
                _refusal = e.Message;
            }
            return _material;
        }
    }
}
