extern alias Bot;

using System.Reflection;
using Bot::Games.Bot.Announcing;
using CsCheck;
using Games.Contracts;
using Games.Data;
using Games.Tests.Data;
using Games.Tests.Servers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.Bot;

/// <summary>
/// Any life of a game, its events doubled, delayed and in any order: in the end the channel reads what a game composes that was made as the
/// model has it. A failure prints the seed that repeats it.
/// </summary>
public sealed class RandomHistoryTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncDisposable
{
    private const int Seconds = 8;

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const("join")), (4, Gen.Const("leave")), (3, Gen.OneOf("seats", "title", "move")), (3, Gen.Const("deliver")),
            (1, Gen.OneOf("cancel", "wait"))),
        Gen.Int[1, 9],
        Gen.Int[1, 400],
        (act, number, minutes) => new Step(act, number, minutes));

    private readonly GameNight _night = new(database.ConnectionString);

    public ValueTask DisposeAsync() => _night.DisposeAsync();

    [Fact]
    public Task Any_history_ends_in_the_announcement_of_the_game_that_it_makes() => Gen.Select(AnyStep.Array[1, 30], Gen.Int).SampleAsync(
        async (steps, seed) =>
        {
            var history = await History.BeginAsync(_night, new Random(seed));
            foreach (var step in steps)
                await history.TakeAsync(step);
            await history.DeliverAllAsync();

            await history.IsAsModelledAsync();
        },
        time: Seconds,
        threads: 1);

    private sealed record Step(string Act, int Number, int Minutes)
    {
        public string User => $"{400000000000000000 + Number}";
    }

    /// <summary>What a game is, in ten lines.</summary>
    private sealed record Model(GameDetails Details, List<string> People, GameStatus Status)
    {
        public bool IsOpen => Status is GameStatus.Scheduled;
        public IEnumerable<string> Playing => People.Take(Details.MaxPlayers);
        public IEnumerable<string> Waiting => People.Skip(Details.MaxPlayers);
        public Model Join(string user) => IsOpen && !People.Contains(user) ? this with { People = [.. People, user] } : this;
        public Model Leave(string user) => IsOpen ? this with { People = [.. People.Where(x => x != user)] } : this;
        public Model Change(GameDetails details) => IsOpen ? this with { Details = details } : this;
        public Model Cancel() => Status is GameStatus.Finished ? this : this with { Status = GameStatus.Cancelled };
        public Model At(DateTimeOffset now) => Status is GameStatus.Cancelled or GameStatus.Finished || now < Details.ScheduledAt ? this
            : this with { Status = now < Details.ScheduledAt.AddHours(3) ? GameStatus.Started : GameStatus.Finished };
    }

    private sealed class History(GameNight night, Random random)
    {
        private readonly FakeTimeProvider _clock = new(NewGame.Now);
        private readonly List<object> _undelivered = [];
        private readonly HashSet<object> _due = [];
        private Guid _id;
        private Model _model = new(NewGame.With(maxPlayers: 3, scheduledAt: NewGame.Now.AddHours(10)).Details, [], GameStatus.Scheduled);

        public static async Task<History> BeginAsync(GameNight night, Random random)
        {
            var history = new History(night, random);
            history._id = (await history.DoAsync(games => games.CreateAsync(
                NewGame.GuildId, NewGame.ChannelId, NewGame.HostId, history._model.Details, "x", default))).Id;
            history.Schedule();
            return history;
        }

        public async Task TakeAsync(Step step)
        {
            var details = _model.Details;
            switch (step.Act)
            {
                case "join":
                    await DoAsync(games => games.JoinAsync(_id, step.User, null, "x", default));
                    _model = _model.Join(step.User);
                    break;
                case "leave":
                    await DoAsync(games => games.LeaveAsync(_id, step.User, "x", default));
                    _model = _model.Leave(step.User);
                    break;
                case "seats":
                    await ChangeAsync(details with { MaxPlayers = step.Number });
                    break;
                case "title":
                    await ChangeAsync(details with { Title = $"Raid {step.Number}" });
                    break;
                case "move":
                    await ChangeAsync(details with { ScheduledAt = _clock.GetUtcNow().AddMinutes(step.Minutes) });
                    break;
                case "cancel":
                    await DoAsync(games => games.CancelAsync(_id, null, "x", default));
                    _model = _model.Cancel();
                    break;
                case "wait":
                    await WaitAsync(TimeSpan.FromMinutes(step.Minutes));
                    break;
                default:
                    await DeliverAsync(random.Next(_undelivered.Count + 1));
                    break;
            }
        }

        public Task DeliverAllAsync() => DeliverAsync(_undelivered.Count);

        public async Task IsAsModelledAsync()
        {
            var game = await night.GameAsync(_id);
            Assert.Equal(_model.Playing, game.Playing.Select(x => x.UserId));
            Assert.Equal(_model.Waiting, game.Waiting.Select(x => x.UserId));
            Assert.Equal((_model.Status, _model.People.Count), (game.Status, game.People));

            var told = (await night.AnnouncementAsync(_id))!;
            var fold = Folded();
            Assert.Equal(AnnouncementText.Of(fold, fold.Players), told.Text);
            Assert.Equal((game.Version, _model.IsOpen), (told.Version, told.IsOpen));
        }

        private async Task ChangeAsync(GameDetails details)
        {
            await DoAsync(games => games.ChangeAsync(_id, _ => true, _ => details, "x", default));
            _model = _model.Change(details);
            Schedule();
        }

        // Whatever was ever sent for later comes when it is due, as if no cancellation of it had been in time, and in any order.
        private async Task WaitAsync(TimeSpan time)
        {
            _clock.Advance(time);
            foreach (var message in Shuffled(_due.Where(x => TimeOf(x) <= _clock.GetUtcNow())))
            {
                _due.Remove(message);
                await DoAsync(games =>
                    message is StartGame start ? games.StartAsync(start, default) : games.FinishAsync((FinishGame)message, default));
            }

            _model = _model.At(_clock.GetUtcNow());
        }

        private void Schedule()
        {
            _due.Add(new StartGame(_id, _model.Details.ScheduledAt));
            _due.Add(new FinishGame(_id, _model.Details.ScheduledAt.AddHours(3)));
        }

        private async Task DeliverAsync(int count)
        {
            var delivered = Shuffled(_undelivered).Take(count).ToList();
            _undelivered.RemoveAll(delivered.Contains);
            // Some come again, and some will come once more later.
            var again = delivered.Where(_ => random.Next(4) == 0).ToList();
            await night.PublishAsync([.. Shuffled(delivered.Concat(again))]);
            if (delivered.Count > 0 && _undelivered.Count > 0)
                _undelivered.Add(delivered[0]);
        }

        private Game Folded()
        {
            var details = _model.Details;
            var game = NewGame.With(
                title: details.Title, scheduledAt: details.ScheduledAt, maxPlayers: details.MaxPlayers, now: details.ScheduledAt.AddDays(-1));
            game.JoinBy(_model.People);
            if (_model.Status is GameStatus.Cancelled)
                game.Cancel(null, null, "x", NewGame.Now);
            if (_model.Status is GameStatus.Started)
                game.Start(game.ScheduledAt, NewGame.Now);
            if (_model.Status is GameStatus.Finished)
                game.Finish(game.EndsAt, NewGame.Now);
            return game;
        }

        // The use cases as every door has them, but for where their events go.
        private Task<T> DoAsync<T>(Func<GameCommands, Task<T>> act) => night.InScopeAsync(scope =>
        {
            var events = DispatchProxy.Create<IPublishEndpoint, Kept>();
            ((Kept)(object)events).Events = _undelivered;
            return act(new(scope.GetRequiredService<GamesDbContext>(), events, _clock));
        });

        private T[] Shuffled<T>(IEnumerable<T> items)
        {
            T[] all = [.. items];
            random.Shuffle(all);
            return all;
        }

        private static DateTimeOffset TimeOf(object due) => due is StartGame start ? start.ScheduledAt : ((FinishGame)due).EndsAt;
    }

    /// <summary>A publisher that keeps what it is given.</summary>
    public class Kept : DispatchProxy
    {
        public List<object> Events { get; set; } = [];

        protected override object Invoke(MethodInfo? method, object?[]? arguments)
        {
            Events.Add(arguments![0]!);
            return Task.CompletedTask;
        }
    }
}
