//! Turns at the cores, fair between callers: those who wait are served one of each caller in turn,
//! however many each has sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A line in front of a number of cores.
#[derive(Clone)]
pub struct Turns(Arc<Line>);

struct Line(Mutex<Waiting>);

struct Waiting {
    /// Cores that nobody uses; none while somebody waits.
    free: usize,
    /// Those who wait, by caller, in the order in which callers are served next. No list is empty.
    callers: VecDeque<(Arc<str>, VecDeque<oneshot::Sender<Turn>>)>,
}

/// A turn at a core; passed on when dropped.
pub struct Turn(Option<Arc<Line>>);

impl Turns {
    /// A line in front of so many cores.
    pub fn new(cores: usize) -> Self {
        Turns(Arc::new(Line(Mutex::new(Waiting {
            free: cores,
            callers: VecDeque::new(),
        }))))
    }

    /// Waits for a turn. Who stops waiting leaves the line.
    pub async fn take(&self, caller: &Arc<str>) -> Turn {
        let given = {
            let mut waiting = self.0.lock();
            if waiting.free > 0 {
                waiting.free -= 1;
                return Turn(Some(Arc::clone(&self.0)));
            }
            waiting.join(caller)
        };
        match given.await {
            Ok(turn) => turn,
            // The line outlives this call, and gives a turn to everybody who is in it.
            Err(_) => std::future::pending().await,
        }
    }

    /// A turn, if a core is free: nobody waits for it then.
    pub fn take_spare(&self) -> Option<Turn> {
        let mut waiting = self.0.lock();
        waiting.free = waiting.free.checked_sub(1)?;
        Some(Turn(Some(Arc::clone(&self.0))))
    }

    /// Those who wait.
    pub fn waiting(&self) -> usize {
        let waiting = self.0.lock();
        let all = waiting.callers.iter().flat_map(|(_, waiters)| waiters);
        all.filter(|waiter| !waiter.is_closed()).count()
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a turn to the next who still waits.
    fn pass_on(self: &Arc<Self>) {
        loop {
            let next = {
                let mut waiting = self.lock();
                match waiting.next() {
                    Some(next) => next,
                    None => {
                        waiting.free += 1;
                        return;
                    }
                }
            };
            match next.send(Turn(Some(Arc::clone(self)))) {
                Ok(()) => return,
                // Its client has gone. Dropping this turn would pass it on once more.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Waiting {
    fn join(&mut self, caller: &Arc<str>) -> oneshot::Receiver<Turn> {
        let (give, given) = oneshot::channel();
        match self.callers.iter_mut().find(|(name, _)| name == caller) {
            Some((_, waiters)) => {
                waiters.retain(|waiter| !waiter.is_closed());
                waiters.push_back(give);
            }
            None => {
                let waiters = VecDeque::from([give]);
                self.callers.push_back((Arc::clone(caller), waiters));
            }
        }
        given
    }

    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (name, mut waiters) = self.callers.pop_front()?;
        let next = waiters.pop_front();
        if !waiters.is_empty() {
            self.callers.push_back((name, waiters));
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    /// Waits in line for a caller, and writes its name down when it has its turn.
    fn wait(turns: &Turns, log: &Arc<Mutex<String>>, caller: &str) -> JoinHandle<()> {
        let (turns, log, caller) = (turns.clone(), Arc::clone(log), Arc::<str>::from(caller));
        tokio::spawn(async move {
            let _turn = turns.take(&caller).await;
            log.lock().unwrap().push_str(&caller);
        })
    }

    #[tokio::test]
    async fn callers_are_served_in_turn_however_much_each_has_sent() {
        let turns = Turns::new(1);
        let log = Arc::default();
        let busy = turns.take(&"x".into()).await;
        let mut all = Vec::new();
        for caller in ["a", "a", "a", "a", "b", "b", "c"] {
            all.push(wait(&turns, &log, caller));
            yield_now().await;
        }
        assert_eq!(turns.waiting(), 7);
        drop(busy);
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(*log.lock().unwrap(), "abcabaa");
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_nobodys_turn() {
        let turns = Turns::new(2);
        let log = Arc::default();
        let (one, two) = (turns.take(&"x".into()).await, turns.take(&"x".into()).await);
        let gone = wait(&turns, &log, "a");
        let also_gone = wait(&turns, &log, "b");
        let stays = wait(&turns, &log, "c");
        yield_now().await;
        for waiter in [gone, also_gone] {
            waiter.abort();
            waiter.await.unwrap_err();
        }
        assert_eq!(turns.waiting(), 1);
        drop(one);
        stays.await.unwrap();
        drop(two);
        // Both cores are free again, and no more than both.
        let _held = (turns.take(&"x".into()).await, turns.take(&"x".into()).await);
        let caller = "x".into();
        let third = tokio::time::timeout(Duration::from_millis(20), turns.take(&caller));
        assert!(third.await.is_err());
    }
}
