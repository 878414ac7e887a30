using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>URLs are sent as the user wrote them (spec 5.1).</summary>
public class FluentdUrlTests
{
    private const string Sid = "d1104c80-e935-4a1d-a5f8-7551a50c0b95";

    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("?tag=x", "/?tag=x")]
    [InlineData("/a%2Fb/%7Ec/../d//e/./", "/a%2Fb/%7Ec/../d//e/./")]
    [InlineData("/t#f", "/t")]
    [InlineData("/a b?x=ü&y=\"", "/a%20b?x=%C3%BC&y=%22")]
    [InlineData("/raw?token=T&noop=%zz", "/raw?token=T&noop=%zz")]
    public async Task The_audit_url_goes_out_verbatim(string written, string sent)
    {
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = plan.Url.Replace("/test.log", written, StringComparison.Ordinal) });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.Equal(sent, Assert.Single(rig.Receiver.Requests).Target);
    }

    [Theory]
    [InlineData("/session", "/session.SID.log")]
    [InlineData("/", "/.SID.log")]
    [InlineData("/services/collector/raw?token=T&noop=", "/services/collector/raw?token=T&noop=.SID.log")]
    [InlineData("/s#f", "/s")]
    public async Task A_session_url_is_concatenated(string written, string sent)
    {
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { SessionUrl = plan.SessionUrl.Replace("/session", written, StringComparison.Ordinal) });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync(Destination.Session(Sid), "{}"));
        Assert.Equal(sent.Replace("SID", Sid, StringComparison.Ordinal), Assert.Single(rig.Receiver.Requests).Target);
    }

    [Theory]
    [InlineData("../../admin", "/session...%2F..%2Fadmin.log")]
    [InlineData("x HTTP/1.1\r\nHost: evil\r\n\r\nGET /", "/session.x%20HTTP%2F1.1%0D%0AHost%3A%20evil%0D%0A%0D%0AGET%20%2F.log")]
    [InlineData("a?b#c%41", "/session.a%3Fb%23c%2541.log")]
    [InlineData("ключ", "/session.%D0%BA%D0%BB%D1%8E%D1%87.log")]
    [InlineData("", "/session..log")]
    public async Task A_session_id_out_of_event_data_cannot_leave_its_place(string sid, string sent)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync(Destination.Session(sid), "{}"));
        Assert.Equal(sent, Assert.Single(rig.Receiver.Requests).Target);
    }

    [Fact]
    public async Task A_session_id_no_server_would_read_is_refused_and_nothing_sent()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        Assert.IsType<Verdict.Refused>(await rig.SendAsync(Destination.Session(new string('x', 600)), "{}"));
        Assert.Empty(rig.Receiver.Requests);
    }

    [Fact]
    public async Task User_and_password_become_a_header_and_show_nowhere_else()
    {
        await using var rig = new OutputRig(
            ScriptedReceiver.Start(ReceiverAnswer.Ok, ReceiverAnswer.Close),
            plan => plan with { Url = plan.Url.Replace("//", "//user:pa%20ss+1@", StringComparison.Ordinal) + "?token=secret" });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        var request = Assert.Single(rig.Receiver.Requests);
        Assert.Equal("Basic " + Convert.ToBase64String("user:pa ss+1"u8), request.Header("Authorization"));
        Assert.Equal($"localhost:{rig.Receiver.Port}", request.Header("Host"));
        var trouble = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.DoesNotContain("pa", trouble.Reason.Replace("localhost", "", StringComparison.Ordinal).Split(':')[0], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", trouble.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("ss+1", trouble.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://localhost:9800/t", "unsupported protocol scheme \"tcp\"")]
    [InlineData("localhost:9800/t", "unsupported protocol scheme \"localhost\"")]
    [InlineData("", "unsupported protocol scheme \"\"")]
    [InlineData("https://local host/t", "invalid host name \"local host\"")]
    [InlineData("https:///t", "invalid host name \"\"")]
    [InlineData("https://localhost:port/t", "invalid port \":port\" after host")]
    [InlineData("https://localhost/%zz", "invalid URL escape in the path")]
    public void A_url_that_cannot_work_is_a_problem(string url, string text)
    {
        var (problems, _) = FluentdCheck.Run(new FluentdPlan { Url = url, SessionUrl = "https://localhost/s" });
        Assert.Equal(("fluentd-url", text), (Assert.Single(problems).Key, problems[0].Text));
    }

    [Theory]
    [InlineData("https://localhost:9800", "invalid port")]
    [InlineData("https://localhost", "no path")]
    [InlineData("ftp://localhost/s", "unsupported protocol scheme")]
    public void A_session_url_that_cannot_work_is_a_problem(string url, string text)
    {
        var (problems, _) = FluentdCheck.Run(new FluentdPlan { Url = "https://localhost/t", SessionUrl = url });
        Assert.Equal("fluentd-session-url", Assert.Single(problems).Key);
        Assert.Contains(text, problems[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fragment_is_a_warning()
    {
        var (problems, warnings) = FluentdCheck.Run(new FluentdPlan { Url = "https://localhost/t#a", SessionUrl = "https://localhost/s#a" });
        Assert.Empty(problems);
        Assert.Equal(["fluentd-url", "fluentd-session-url"], warnings.Select(warning => warning.Key));
    }

    [Theory]
    [InlineData("Content-Length", "3")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("Host", "other")]
    [InlineData("X Y", "1")]
    [InlineData("", "1")]
    [InlineData("X-Token", "secret\n")]
    [InlineData("X-Token", "sécret")]
    public void A_header_that_would_break_the_request_is_a_problem_without_its_value(string name, string value)
    {
        var headers = new Dictionary<string, Secret> { [name] = new(value), ["X-Fine"] = new("ok") };
        var (problems, _) = FluentdCheck.Run(new FluentdPlan { Url = "https://localhost/t", SessionUrl = "https://localhost/s", Headers = headers });
        Assert.DoesNotContain("cret", Assert.Single(problems).ToString(), StringComparison.Ordinal);
    }
}
