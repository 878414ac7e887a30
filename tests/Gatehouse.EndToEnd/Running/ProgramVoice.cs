using System.Text;
using Xunit;

namespace Gatehouse.EndToEnd.Running;

/// <summary>One stream of what a program says, heard to its end; tests wait for words in it.</summary>
internal sealed class ProgramVoice
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _said = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _silent;

    public ProgramVoice(StreamReader stream) => Ended = ListenAsync(stream);

    /// <summary>Ends when the program has closed the stream.</summary>
    public Task Ended { get; }

    /// <summary>Whole lines so far, and when it has ended everything, to the character.</summary>
    public string Text => Look().Text;

    /// <summary>Ends when the text was said, or fails when the program fell silent without it.</summary>
    public async Task WhenSaysAsync(string text, TimeSpan longest)
    {
        while (true)
        {
            var (said, silent, more) = Look();
            if (said.Contains(text, StringComparison.Ordinal))
                return;
            Assert.False(silent, $"it never said \"{text}\" but:\n{said}");
            try
            {
                await more.WaitAsync(longest, TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"it did not say \"{text}\" but:\n{said}");
            }
        }
    }

    private (string Text, bool Silent, Task More) Look()
    {
        lock (_gate)
        {
            var said = _said.ToString();
            return (_silent ? said : said[..(said.LastIndexOf('\n') + 1)], _silent, _more.Task);
        }
    }

    private async Task ListenAsync(StreamReader stream)
    {
        var buffer = new char[4096];
        int read;
        do
        {
            read = await stream.ReadAsync(buffer);
            lock (_gate)
            {
                _said.Append(buffer, 0, read);
                _silent = read == 0;
                _more.TrySetResult();
                _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        while (read > 0);
    }
}
