using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

public sealed class HttpProxyTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Auth_is_reached_by_CONNECT_with_the_user_and_password_of_the_URL()
    {
        await using var auth = new AuthPeer(cluster);
        await using var proxy = new ConnectProxy(auth.Port, "HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
        var dialer = Dialer("auth.internal.test:3025", ("HTTPS_PROXY", $"http://us%65r:p%40ss@127.0.0.1:{proxy.Port}"));

        await using var stream = await dialer.ConnectAsync(Cancellation);

        Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
        Assert.All(proxy.Requests, request =>
        {
            Assert.StartsWith("CONNECT auth.internal.test:3025 HTTP/1.1\r\nHost: auth.internal.test:3025\r\n", request, StringComparison.Ordinal);
            Assert.Contains("\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n", request, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user and password (407)")]
    [InlineData("HTTP/1.1 503 No such host\r\n\r\n", "refused CONNECT auth.internal.test:3025: 503 No such host")]
    [InlineData("SSH-2.0-x\r\n\r\n", "gave an answer that is not HTTP")]
    public async Task A_proxy_that_refuses_is_named_without_its_password(string answer, string reason)
    {
        await using var proxy = new ConnectProxy(1, answer);
        var dialer = Dialer("auth.internal.test:3025", ("https_proxy", $"http://user:hunter2@127.0.0.1:{proxy.Port}"));

        var error = await Assert.ThrowsAsync<DialException>(() => dialer.ConnectAsync(Cancellation).AsTask());

        Assert.Contains($"the HTTP proxy 127.0.0.1:{proxy.Port} (HTTPS_PROXY) {reason}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auth.example.com", "", true)]
    [InlineData("auth.example.com", "example.com", false)]
    [InlineData("auth.example.com", ".example.com", false)]
    [InlineData("auth.example.com", "*.example.com", false)]
    [InlineData("example.com", ".example.com", true)]
    [InlineData("badexample.com", "example.com", true)]
    [InlineData("auth.example.com", "other.com, auth.example.com:3025", false)]
    [InlineData("auth.example.com", "auth.example.com:443", true)]
    [InlineData("10.1.2.3", "10.0.0.0/8", false)]
    [InlineData("11.1.2.3", "10.0.0.0/8", true)]
    [InlineData("10.1.2.3", "10.1.2.3", false)]
    [InlineData("fd00::1", "fd00::/8", false)]
    [InlineData("auth.example.com", "*", false)]
    [InlineData("localhost", "", false)]
    [InlineData("127.0.0.1", "", false)]
    [InlineData("::1", "", false)]
    public void NO_PROXY_exempts_as_it_does_for_Go_programs(string host, string list, bool proxied) =>
        Assert.Equal(proxied, HttpProxy.For(new ClusterAddress(host, 3025), Environment(("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", list))) is not null);

    [Fact]
    public async Task A_variable_that_is_no_URL_or_of_another_kind_is_told()
    {
        var socks = await Assert.ThrowsAsync<DialException>(() => Dialer("a.test:1", ("HTTPS_PROXY", "socks5://p:1")).ConnectAsync(Cancellation).AsTask());
        var junk = await Assert.ThrowsAsync<DialException>(() => Dialer("a.test:1", ("HTTPS_PROXY", "http://us er:secret@/")).ConnectAsync(Cancellation).AsTask());

        Assert.Contains("has the scheme socks5; http and https work", socks.Message, StringComparison.Ordinal);
        Assert.Contains("is no URL", junk.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", junk.Message, StringComparison.Ordinal);
    }

    private static Func<string, string?> Environment(params (string Name, string Value)[] variables) =>
        name => variables.Where(variable => variable.Name == name).Select(variable => variable.Value).FirstOrDefault();

    private ClusterDialer Dialer(string address, params (string Name, string Value)[] variables) => new(
        address,
        CredentialSource.FromIdentityFile(folder.Write("identity", cluster.Identity())),
        TimeProvider.System,
        new DialSettings { Environment = Environment(variables) });

    /// <summary>A proxy that gives one answer to CONNECT and, when that is good, carries everything to one port.</summary>
    private sealed class ConnectProxy : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource stop = new();
        private readonly ConcurrentBag<Task> connections = [];
        private readonly Task accepting;

        public ConnectProxy(int target, string answer)
        {
            listener.Start();
            accepting = AcceptAsync(target, answer);
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public ConcurrentQueue<string> Requests { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await accepting;
            listener.Stop();
            await Task.WhenAll(connections);
            stop.Dispose();
        }

        private async Task AcceptAsync(int target, string answer)
        {
            try
            {
                while (true)
                    connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token), target, answer));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The end of the test.
            }
        }

        private async Task ServeAsync(TcpClient client, int target, string answer)
        {
            using (client)
            {
                try
                {
                    var stream = client.GetStream();
                    var request = "";
                    var buffer = new byte[1];
                    while (!request.EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, stop.Token) > 0)
                        request += (char)buffer[0];
                    Requests.Enqueue(request);
                    await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), stop.Token);
                    if (!answer.Contains(" 200 ", StringComparison.Ordinal))
                        return;
                    using var auth = new TcpClient("127.0.0.1", target);
                    await Task.WhenAny(stream.CopyToAsync(auth.GetStream(), stop.Token), auth.GetStream().CopyToAsync(stream, stop.Token));
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // Either side leaves as it likes.
                }
            }
        }
    }
}
